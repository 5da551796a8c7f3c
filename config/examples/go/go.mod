module example.com/materials

go 1.19
